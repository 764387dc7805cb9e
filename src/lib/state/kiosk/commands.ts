/** What a kiosk can be told to do remotely: one list, for MQTT and any later channel. */

export interface KioskControls {
	reload(): void;
	restartWorker(): void;
	show(what: 'video' | 'blurred' | 'figures'): void;
	/** Tries another way to the same camera, or the same one again. */
	nextSource(): void;
	pause(): void;
	resume(): void;
}

export interface Command {
	/** The text that is sent. */
	readonly name: string;
	readonly title: string;
	/** A Material Design Icons name, for Home Assistant. */
	readonly icon: string;
	readonly run: (controls: KioskControls) => void;
}

export const COMMANDS: readonly Command[] = [
	{ name: 'reload', title: 'Reload the page', icon: 'mdi:reload', run: (kiosk) => kiosk.reload() },
	{ name: 'restart-worker', title: 'Restart the analysis', icon: 'mdi:restart', run: (kiosk) => kiosk.restartWorker() },
	{ name: 'show-video', title: 'Show video', icon: 'mdi:video', run: (kiosk) => kiosk.show('video') },
	{
		name: 'show-blurred',
		title: 'Show video, faces pixelated',
		icon: 'mdi:blur',
		run: (kiosk) => kiosk.show('blurred')
	},
	{ name: 'show-figures', title: 'Show charts only', icon: 'mdi:chart-bar', run: (kiosk) => kiosk.show('figures') },
	{ name: 'next-source', title: 'Next source', icon: 'mdi:skip-next', run: (kiosk) => kiosk.nextSource() },
	{ name: 'pause', title: 'Pause', icon: 'mdi:pause', run: (kiosk) => kiosk.pause() },
	{ name: 'resume', title: 'Resume', icon: 'mdi:play', run: (kiosk) => kiosk.resume() }
];

export interface CommandAnswer {
	readonly command: string;
	readonly ok: boolean;
	readonly reason: string | null;
}

const MOST_QUOTED = 60;

/** Obeys a command, or says why not. `allowed`: whether the kiosk's address allows commands. */
export function obey(text: string, allowed: boolean, controls: KioskControls): CommandAnswer {
	const name = text.trim();
	const refuse = (reason: string): CommandAnswer => ({ command: name.slice(0, MOST_QUOTED), ok: false, reason });
	if (!allowed) return refuse('commands are off: open the kiosk with mqtt-commands=yes');
	const command = COMMANDS.find((each) => each.name === name);
	if (command === undefined) return refuse(`not known; known are ${COMMANDS.map((each) => each.name).join(', ')}`);
	command.run(controls);
	return { command: name, ok: true, reason: null };
}
