/** `npm run study -- NAME`: repeats measurements that were made once. */
import { UserError } from '../lib/errors';
import { surveyCommand } from './crop-survey';
import { cropTrialCommand } from './crop-trial';
import { detectorCommand } from './detector';
import { paperCurvesCommand } from './paper-curves';
import { priorTrialCommand } from './prior-trial';
import { scoreCommand } from './score';

const STUDIES: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
	'crop-survey': surveyCommand,
	'crop-trial': cropTrialCommand,
	detector: detectorCommand,
	'paper-curves': paperCurvesCommand,
	'prior-trial': priorTrialCommand,
	score: scoreCommand
};

/** Runs the study that the first of `args` names; gives the exit code. Throws UserError that lists the names. */
export function studyCommand([name = '', ...args]: string[]): Promise<number> {
	const study = STUDIES[name];
	if (!study) throw new UserError(`There is no study "${name}". Choose one of: ${Object.keys(STUDIES).join(', ')}.`);
	return study(args);
}
