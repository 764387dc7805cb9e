/** Small films for the film page, made by ffmpeg from the clip that the fake camera plays. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-threads', '1'];

export class FilmMaker {
	readonly #ffmpeg: string;
	readonly #clip: string;
	readonly #folder: string;

	/** `clip`: a face, as Motion JPEG of 640x480. */
	constructor(ffmpeg: string, clip: string, folder: string) {
		this.#ffmpeg = ffmpeg;
		this.#clip = clip;
		this.#folder = folder;
	}

	/** One face, ten frames a second; the recording began on 4 May 2026. */
	plain(seconds: number, name = 'plain.mp4', ...more: string[]): string {
		const loop = ['-stream_loop', String(Math.ceil(seconds / 12) - 1)];
		return this.#make(
			name,
			['-t', String(seconds), ...H264, '-metadata', 'creation_time=2026-05-04T10:20:30Z', ...more],
			loop
		);
	}

	/** The face and its mirror image side by side, with sound. */
	twoFaces(): string {
		const filter = '[0:v]crop=480:480,scale=240:240,split[a][b];[b]hflip[c];[a][c]hstack';
		return this.#make(
			'two.mp4',
			['-filter_complex', filter, '-t', '1', ...H264, '-c:a', 'aac', '-shortest'],
			[],
			[...['-f', 'lavfi', '-i', 'sine=440:d=1']]
		);
	}

	/** Frames that last 100, 200 or 400 milliseconds. */
	variable(): string {
		const filter = "select='not(mod(n\\,7))+not(mod(n\\,3))+eq(n\\,1)',scale=320:240";
		return this.#make('variable.mp4', ['-t', '3', '-vf', filter, '-vsync', 'vfr', ...H264]);
	}

	/** As phones store films shot upright: the frames lie on their side, and the file says to turn them by 90°. */
	turned(): string {
		const path = this.#make('turned.mp4', ['-t', '0.5', '-vf', 'scale=320:240,transpose=cclock', ...H264]);
		const bytes = readFileSync(path);
		const header = bytes.indexOf('tkhd') + 4;
		const matrix = header + (bytes[header] === 1 ? 36 : 24) + 16;
		for (const [index, value] of [0, 1 << 16, 0, -(1 << 16), 0, 0, 240 << 16, 0, 1 << 30].entries()) {
			bytes.writeInt32BE(value, matrix + 4 * index);
		}
		writeFileSync(path, bytes);
		return path;
	}

	/** The face in a corner of a larger picture. */
	farFace(): string {
		return this.#make('far.mp4', ['-t', '1', '-vf', 'scale=240:180,pad=640:480:30:270', ...H264]);
	}

	/** As Apple's programs write them. */
	mov(): string {
		return this.#make('small.mov', ['-t', '1', '-vf', 'scale=320:240', ...H264]);
	}

	/** As a recorder leaves it that was interrupted: without an index, and with clusters without a key frame. */
	interrupted(): string {
		const clusters = ['-live', '1', '-cluster_time_limit', '300'];
		return this.#make('interrupted.mkv', ['-t', '3', '-vf', 'scale=320:240', ...H264, '-g', '15', ...clusters]);
	}

	/** Ten bits per colour on the scale of HDR10, in Matroska. */
	hdr(): string {
		const colours = 'scale=320:240,format=yuv420p10le,setparams=color_primaries=bt2020:color_trc=smpte2084';
		const vp9 = ['-c:v', 'libvpx-vp9', '-profile:v', '2', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '400k'];
		return this.#make('hdr.mkv', ['-t', '1', '-vf', `${colours}:colorspace=bt2020nc`, ...vp9]);
	}

	/** The frame of a film at a given time, in grey: its pixels row by row, and its width. */
	frame(path: string, timeS: number): { width: number; gray: Buffer } {
		const { width = 0 } = this.streams(path).find(({ codec_type }) => codec_type === 'video') ?? {};
		const args = [
			'-v',
			'error',
			'-ss',
			String(timeS),
			'-i',
			path,
			'-frames:v',
			'1',
			'-f',
			'rawvideo',
			'-pix_fmt',
			'gray'
		];
		return { width, gray: execFileSync(this.#ffmpeg, [...args, '-'], { maxBuffer: 1e8 }) };
	}

	webm(): string {
		return this.#make('small.webm', [
			'-t',
			'1',
			'-vf',
			'scale=320:240',
			'-c:v',
			'libvpx',
			'-deadline',
			'realtime',
			'-cpu-used',
			'8',
			'-b:v',
			'400k'
		]);
	}

	/** A key frame each second; what the sixth frame of the second second holds was lost. */
	damaged(seconds = 3, name = 'damaged.mp4'): string {
		const path = this.plain(seconds, name, '-vf', 'scale=320:240', '-g', '10');
		const [length = 0, at = 0] = this.#packets(path, 'size,pos')[15] ?? [];
		const bytes = readFileSync(path);
		writeFileSync(path, bytes.fill(0, at, at + length));
		return path;
	}

	/** A transport stream whose first bytes were cut off, somewhere in the first second, and in the middle of a packet. */
	cutStream(): string {
		const path = this.#make('cut-stream.ts', ['-t', '3', '-vf', 'scale=320:240', ...H264, '-g', '10']);
		writeFileSync(path, readFileSync(path).subarray(188 * 20 + 77));
		return path;
	}

	/** A transport stream that has lost 100 bytes in its second second. */
	lossyStream(): string {
		const path = this.#make('lossy-stream.ts', ['-t', '3', '-vf', 'scale=320:240', ...H264, '-g', '10']);
		const bytes = readFileSync(path);
		const half = Math.floor(bytes.length / 2);
		writeFileSync(path, Buffer.concat([bytes.subarray(0, half), bytes.subarray(half + 100)]));
		return path;
	}

	/** The same picture in two sizes, the larger one first. */
	twoTracks(): string {
		const filter = '[0:v]split[a][b];[b]scale=160:120[c]';
		return this.#make('tracks.mp4', ['-filter_complex', filter, '-map', '[a]', '-map', '[c]', '-t', '1', ...H264]);
	}

	/** Two files of a recorder, one after another: the times of each start at the same second. */
	joined(): string {
		const path = this.#make('joined.ts', ['-t', '2', '-vf', 'scale=320:240', ...H264]);
		const bytes = readFileSync(path);
		writeFileSync(path, Buffer.concat([bytes, bytes]));
		return path;
	}

	/** VP8 in two passes: some of its packets show no frame, and only help to decode others. */
	twoPass(): string {
		const vp8 = ['-c:v', 'libvpx', '-cpu-used', '8', '-b:v', '300k', '-auto-alt-ref', '1', '-lag-in-frames', '16'];
		const pass = (number: number): string[] => [
			'-pass',
			String(number),
			'-passlogfile',
			join(this.#folder, 'two-pass')
		];
		const film = ['-t', '3', '-vf', 'scale=320:240', ...vp8];
		this.#make('two-pass.webm', [...film, ...pass(1)]);
		return this.#make('two-pass.webm', [...film, ...pass(2)]);
	}

	/** With transparency, as programs for animation write it. */
	transparent(): string {
		const vp9 = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '400k'];
		return this.#make('transparent.webm', ['-t', '1', '-vf', 'scale=320:240,format=yuva420p', ...vp9]);
	}

	noFaces(): string {
		const path = join(this.#folder, 'noface.mp4');
		this.#run(['-f', 'lavfi', '-i', 'testsrc=s=320x240:d=1:r=10', ...H264, path]);
		return path;
	}

	/** A codec that no browser decodes. */
	unknownCodec(): string {
		return this.#make('old.mp4', ['-t', '0.5', '-vf', 'scale=320:240', '-c:v', 'mpeg4']);
	}

	/** Another such codec, in a container that does not list its tracks in a part of its own. */
	unknownStream(): string {
		return this.#make('old.ts', ['-t', '0.5', '-vf', 'scale=320:240,fps=25', '-c:v', 'mpeg2video']);
	}

	sound(): string {
		const path = join(this.#folder, 'sound.m4a');
		this.#run(['-f', 'lavfi', '-i', 'sine=440:d=1', '-c:a', 'aac', path]);
		return path;
	}

	/** The first half of a film whose index is before the frames, or after them. */
	cut(where: 'before' | 'after'): string {
		const index = where === 'before' ? ['-movflags', '+faststart'] : [];
		const path = this.plain(4, `cut-${where}.mp4`, '-g', '5', ...index);
		truncateSync(path, Math.floor(statSync(path).size / 2));
		return path;
	}

	text(): string {
		const path = join(this.#folder, 'text.mp4');
		writeFileSync(path, 'This is no film.');
		return path;
	}

	/** When each frame of a film begins, in seconds, as ffprobe reads it. */
	times(path: string): number[] {
		return this.#packets(path, 'pts_time')
			.map(([timeS = NaN]) => timeS)
			.sort((a, b) => a - b);
	}

	/** What ffprobe says about a film's streams. */
	streams(
		path: string
	): { codec_type: string; codec_name: string; width?: number; duration?: string; nb_read_packets?: string }[] {
		const probe = join(dirname(this.#ffmpeg), 'ffprobe');
		const out = execFileSync(probe, ['-v', 'error', '-count_packets', '-show_streams', '-of', 'json', path], {
			encoding: 'utf8'
		});
		return (JSON.parse(out) as { streams: ReturnType<FilmMaker['streams']> }).streams;
	}

	#make(name: string, output: string[], input: string[] = [], second: string[] = []): string {
		const path = join(this.#folder, name);
		this.#run([...input, '-f', 'mjpeg', '-framerate', '10', '-i', this.#clip, ...second, ...output, path]);
		return path;
	}

	#run(args: string[]): void {
		execFileSync(this.#ffmpeg, ['-y', '-v', 'error', ...args]);
	}

	/** Numbers that ffprobe gives for each packet of the picture. */
	#packets(path: string, entries: string): number[][] {
		const probe = join(dirname(this.#ffmpeg), 'ffprobe');
		const args = ['-select_streams', 'v', '-show_entries', `packet=${entries}`, '-of', 'csv=p=0'];
		const out = execFileSync(probe, ['-v', 'error', ...args, path], { encoding: 'utf8' });
		return out
			.split('\n')
			.filter((line) => line.trim() !== '')
			.map((line) => line.split(',').map(Number));
	}
}
