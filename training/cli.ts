/** Commands of the trainer. */
import { evaluateCommand } from './commands/evaluate';
import { exportCommand } from './commands/export';
import { measureCommand } from './commands/measure';
import { prepareCommand } from './commands/prepare';
import { tablesCommand } from './commands/tables';
import { say } from './commands/terminal';
import { trainCommand } from './commands/train';
import { UserError } from './lib/errors';
import { studyCommand } from './studies/index';

const USAGE = `Usage:
  npm run prepare:data -- --data FILE      read FER2013 once into a fast local copy
  npm run train -- MODEL --data FILE       train a model; run again to resume after an interruption
      [--recipe NAME] [--base imagenet|scratch|FILE] [--ferplus FILE] [--face-api DIR] [--backend auto|webgpu|onednn-bf16|onednn|wasm]
      [--replicas N] [--batch-size N] [--epochs N] [--seed N] [--checkpoint-minutes N] [--fresh]
  npm run evaluate -- MODEL|all --data FILE [--split public|train|private|paper] [--final] [--json] [--save NAME]
                                           measure what is shipped; --final for splits with PrivateTest
  npm run evaluate -- --run MODEL[/RECIPE] [--seed N] ...
                                           the same for a run that is not shipped
  npm run evaluate -- MODEL|all --folder DIR [--by REGEX] [--report] ...
                                           on pictures in folders named by label; --by finds the person in a name
  npm run export -- MODEL --data FILE      ship the best weights of a run in static/models, with their figures
      [--recipe NAME] [--seed N] [--ferplus FILE] --final | --out DIR
  npm run export -- MODEL --shipped --data FILE [--ferplus FILE] --final | --out DIR
                                           store what is shipped in the coarsest steps that cost next to nothing
  npm run measure -- MODEL|all --data FILE [--ferplus FILE] [--corruptions] --final
                                           measure what is shipped again, into the manifest and the reports
  npm run tables [-- --check]              the tables of the READMEs, from training/results and the manifest
  npm run study -- NAME ...                crop-survey, crop-trial, detector, paper-curves, prior-trial, score
FILE: fer2013.csv, fer2013.csv.gz or icml_face_data.csv`;

/** What shells report for a program whose reader is gone: `npm run evaluate -- all | head`. */
const BROKEN_PIPE = 141;
const PARENT_EVERY_MS = 500;

const COMMANDS: Record<string, (args: string[]) => Promise<number>> = {
	prepare: prepareCommand,
	train: trainCommand,
	evaluate: evaluateCommand,
	export: exportCommand,
	measure: measureCommand,
	tables: tablesCommand,
	study: studyCommand
};

async function main(): Promise<number> {
	const [name = '', ...args] = process.argv.slice(2);
	const command = COMMANDS[name];
	for (const stream of [process.stdout, process.stderr])
		stream.on('error', ({ code }: NodeJS.ErrnoException) => {
			// EIO: the terminal was closed, and training saves its work before it ends.
			if (code !== 'EIO') process.exit(code === 'EPIPE' ? BROKEN_PIPE : 1);
		});
	if ([name, ...args].some((arg) => arg === '--help' || arg === '-h')) {
		say(USAGE);
		return 0;
	}
	if (!command) {
		process.stderr.write(`${USAGE}\n`);
		return 2;
	}
	endWithNpm();
	try {
		return await command(args);
	} catch (thrown) {
		// Not rethrown: the WASM back end would print its whole source in front of the stack.
		process.stderr.write(`${explain(thrown)}\n`);
		return 1;
	}
}

/**
 * If npm started this process, the end of npm's shell counts as SIGTERM: the shell passes none on, and the command
 * would go on for hours, unseen.
 */
function endWithNpm(): void {
	if (process.env['npm_lifecycle_event'] === undefined) return;
	const shell = process.ppid;
	const watch = setInterval(() => {
		if (process.ppid === shell) return;
		clearInterval(watch);
		process.kill(process.pid, 'SIGTERM');
	}, PARENT_EVERY_MS);
	watch.unref();
}

/** A sentence for what a user can fix: wrong flags, and files and folders that the system refuses; else the stack. */
function explain(thrown: unknown): string {
	if (!(thrown instanceof Error)) return String(thrown);
	const { message, stack = message } = thrown;
	if (thrown instanceof UserError || 'syscall' in thrown) return message;
	const isUsage = 'code' in thrown && String(thrown.code).startsWith('ERR_PARSE_ARGS');
	return isUsage ? `${message.replace(/\.*$/, '.')} All options: npm run train -- --help` : stack;
}

process.exitCode = await main();
