/** Which source an address asks for, and that source itself. */
import { CameraSource } from './camera';
import { attachHls } from './hls';
import { createMjpegSource, createSnapshotSource } from './jpeg-source';
import { Pace } from './pace';
import { attachFile, PlayedSource } from './played';
import type { Login } from './request';
import type { FrameSource } from './source';
import { attachWhep } from './whep';

export const STREAM_KINDS = ['mjpeg', 'snapshot', 'hls', 'whep', 'video'] as const;

export type SourceSpec =
	/** `name`: the camera's label or id; any camera where it is empty or not there. */
	| { readonly kind: 'camera'; readonly name: string }
	/** `url`: absolute, without name and password. */
	| { readonly kind: (typeof STREAM_KINDS)[number]; readonly url: string };

/** Faces far from a security camera are lost in smaller frames. */
const MAX_SIDE_PX = 1920;
const SNAPSHOT_EVERY_MS = 500;

/**
 * A source that was not started yet. `login` is for the address's origin; `pace` remembers how the stream behaves from one
 * try to the next.
 */
export function createSource(spec: SourceSpec, login: Login | null, pace = new Pace()): FrameSource {
	if (spec.kind === 'camera') return new CameraSource(spec.name === '' ? null : { id: spec.name, label: spec.name });
	const { kind, url } = spec;
	const address = { url, login };
	switch (kind) {
		case 'mjpeg':
			return createMjpegSource({ ...address, pace, maxSidePx: MAX_SIDE_PX });
		case 'snapshot':
			return createSnapshotSource({ ...address, pace, maxSidePx: MAX_SIDE_PX, everyMs: SNAPSHOT_EVERY_MS });
		case 'hls':
			return new PlayedSource(attachHls(address), MAX_SIDE_PX, pace);
		case 'whep':
			return new PlayedSource(attachWhep(address), MAX_SIDE_PX, pace);
		case 'video':
			return new PlayedSource(attachFile(address), MAX_SIDE_PX, pace);
	}
}
