/** Streams and files that ffmpeg makes from the clip. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Small pictures at a low rate: a test machine has other things to do. */
const PICTURES = ['-f', 'mjpeg', '-framerate', '10'];
const SIZE = ['-vf', 'scale=480:360', '-pix_fmt', 'yuv420p', '-an', '-threads', '1'];

/** The first seconds of the clip as a WebM file. */
export function writeVideo(ffmpeg: string, clip: string, path: string): void {
	const codec = ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '800k'];
	execFileSync(ffmpeg, ['-y', '-v', 'error', ...PICTURES, '-i', clip, '-t', '2', ...SIZE, ...codec, path]);
}

/** The first seconds of the clip as one file whose byte ranges are the segments, with a playlist beside it. */
export function writeRanges(ffmpeg: string, clip: string, path: string): void {
	const hls = ['-f', 'hls', '-hls_time', '1', '-hls_list_size', '0', '-hls_flags', 'single_file'];
	const input = [...PICTURES, '-stream_loop', '-1', '-i', clip, '-t', '8'];
	execFileSync(ffmpeg, ['-y', '-v', 'error', ...input, ...SIZE, ...LIVE_CODECS.vp9, ...hls, path]);
}

/** Some seconds of sound only, as a file or as a playlist with its segments beside it. */
export function writeSound(ffmpeg: string, path: string): void {
	const playlist = path.endsWith('.m3u8') ? ['-f', 'hls', '-hls_time', '2', '-hls_list_size', '0'] : [];
	const segments =
		playlist.length > 0 ? ['-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', 'sound-init.mp4'] : [];
	const sound = ['-f', 'lavfi', '-i', 'sine=duration=20', '-c:a', 'libopus'];
	execFileSync(ffmpeg, ['-y', '-v', 'error', ...sound, ...playlist, ...segments, path]);
}

/** H.264 in the segments that cameras use, and VP9, which every Chromium plays: H.264 needs a licence. */
const LIVE_CODECS = {
	h264: ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '10', '-b:v', '600k'],
	vp9: [
		'-c:v',
		'libvpx-vp9',
		'-deadline',
		'realtime',
		'-cpu-used',
		'8',
		'-g',
		'10',
		'-b:v',
		'600k',
		'-hls_segment_type',
		'fmp4'
	]
};

export type LiveCodec = keyof typeof LIVE_CODECS;

/** A live stream in segments of one second, written to `folder` as live.m3u8, as a recorder would. */
export class LiveHls {
	readonly #process: ChildProcess;
	readonly #playlist: string;

	constructor(ffmpeg: string, clip: string, folder: string, codec: LiveCodec) {
		this.#playlist = join(folder, 'live.m3u8');
		const hls = ['-f', 'hls', '-hls_time', '1', '-hls_list_size', '5', '-hls_flags', 'delete_segments+omit_endlist'];
		const args = [
			'-y',
			'-v',
			'error',
			'-re',
			'-stream_loop',
			'-1',
			...PICTURES,
			'-i',
			clip,
			...SIZE,
			...LIVE_CODECS[codec],
			...hls
		];
		this.#process = spawn(ffmpeg, [...args, this.#playlist], { stdio: ['ignore', 'ignore', 'inherit'] });
	}

	/** Resolves once there is something to play. */
	async ready(): Promise<void> {
		while (!existsSync(this.#playlist)) {
			if (this.#process.exitCode !== null) throw new Error(`ffmpeg ended with ${this.#process.exitCode}`);
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	}

	/** Writes no more segments until `resume`. */
	pause(): void {
		this.#process.kill('SIGSTOP');
	}

	resume(): void {
		this.#process.kill('SIGCONT');
	}

	async stop(): Promise<void> {
		this.#process.kill('SIGKILL');
		if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, 'exit');
	}
}
