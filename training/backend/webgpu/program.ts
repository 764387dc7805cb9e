/** What all WGSL programs are written with. */
export type Type = 'f32' | 'vec4<f32>';
export const vec4: Type = 'vec4<f32>';
type Workgroups = readonly [x: number, y: number, z: number];

/** WGSL and how many workgroups run it. */
export interface Program {
	readonly code: string;
	readonly workgroups: Workgroups;
}

/** `write` with a cache: it writes the program for the same arguments only once, as a step needs hundreds. */
export function remembered<A extends readonly unknown[], P>(write: (...args: A) => P): (...args: A) => P {
	const programs = new Map<string, P>();
	return (...args) => {
		const key = JSON.stringify(args);
		const program = programs.get(key) ?? write(...args);
		programs.set(key, program);
		return program;
	};
}

export const ELEMENTWISE_THREADS = 256;
const MOST_WORKGROUPS = 65_535;
/** From this many workgroups on, a GPU counts as busy: several for each of its processors. */
export const BUSY = 1024;

/** `line` for each number from 0 to `count` - 1, one below the other. */
export const lines = (count: number, line: (index: number) => string): string =>
	Array.from({ length: count }, (_, index) => line(index)).join('\n');

/** Declarations of storage buffers. Vectors are of four numbers that lie side by side. */
export function buffers(...of: readonly (readonly [name: string, type: Type, access: 'read' | 'read_write'])[]) {
	return of
		.map(([name, type, access], i) => `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${type}>;`)
		.join('\n');
}

/** A program of one thread per item; `body` has `i`, its number. */
function writeElementwise(declarations: string, items: number, body: string): Program {
	const groups = Math.ceil(items / ELEMENTWISE_THREADS);
	const x = Math.min(groups, MOST_WORKGROUPS);
	return {
		code: `${declarations}
			@compute @workgroup_size(${ELEMENTWISE_THREADS})
			fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
				let i = (group.y * ${x}u + group.x) * ${ELEMENTWISE_THREADS}u + local;
				if (i >= ${items}u) { return; }
				${body}
			}`,
		workgroups: [x, Math.ceil(groups / x), 1]
	};
}

export const elementwise = remembered(writeElementwise);

/** How many channels a thread takes at a time: four if that comes out even. */
export function itemsOf(channels: number): { type: Type; items: number } {
	return channels % 4 === 0 ? { type: vec4, items: channels / 4 } : { type: 'f32', items: channels };
}
