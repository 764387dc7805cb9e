/** Sums over all pixels, channel by channel, in two programs: over strips of rows, then over their results. */
import { buffers, BUSY, ELEMENTWISE_THREADS, itemsOf, remembered, type Program } from './program';

/** Rows of [rows, items] that one workgroup sums, and how many workgroups that makes. */
function strips(rows: number, items: number): { lanes: number; strip: number; groups: number } {
	const lanes = Math.floor(ELEMENTWISE_THREADS / items);
	if (lanes === 0) throw new RangeError(`${items} items of channels are more than a workgroup has threads.`);
	const strip = lanes * Math.max(4, Math.ceil(rows / lanes / BUSY));
	return { lanes, strip, groups: Math.ceil(rows / strip) };
}

/** `result` [strips, 2, channels]: sums of two terms per channel; WGSL `terms` sets `first` and `second` from item `at`. */
function writeSumPerChannel(
	rows: number,
	channels: number,
	names: readonly string[],
	prepare: string,
	terms: string
): Program & { groups: number } {
	const { type, items } = itemsOf(channels);
	const { lanes, strip, groups } = strips(rows, items);
	const code = `
		${buffers(...names.map((name) => [name, type, 'read'] as const), ['result', type, 'read_write'])}
		var<workgroup> firsts: array<${type}, ${ELEMENTWISE_THREADS}>;
		var<workgroup> seconds: array<${type}, ${ELEMENTWISE_THREADS}>;
		@compute @workgroup_size(${ELEMENTWISE_THREADS})
		fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
			let c = local % ${items}u;
			let lane = local / ${items}u;
			var a = ${type}();
			var b = ${type}();
			if (lane < ${lanes}u) {
				${prepare}
				let end = min(${rows}u, (group.x + 1u) * ${strip}u);
				for (var row = group.x * ${strip}u + lane; row < end; row += ${lanes}u) {
					let at = row * ${items}u + c;
					${terms}
					a += first;
					b += second;
				}
			}
			firsts[local] = a;
			seconds[local] = b;
			workgroupBarrier();
			if (lane > 0u) { return; }
			for (var other = 1u; other < ${lanes}u; other++) {
				a += firsts[other * ${items}u + c];
				b += seconds[other * ${items}u + c];
			}
			result[group.x * ${2 * items}u + c] = a;
			result[group.x * ${2 * items}u + ${items}u + c] = b;
		}`;
	return { code, workgroups: [groups, 1, 1], groups };
}

/** Sums [groups, 2, channels] over its groups and hands both sums to WGSL `finish`, as `a` and `b` of channel item `c`. */
function writeSumGroups(groups: number, channels: number, declarations: string, finish: string): Program {
	const { type, items } = itemsOf(channels);
	const threads = 64;
	const code = `${declarations}
		var<workgroup> firsts: array<${type}, ${threads}>;
		var<workgroup> seconds: array<${type}, ${threads}>;
		@compute @workgroup_size(${threads})
		fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
			let c = group.x;
			var a = ${type}();
			var b = ${type}();
			for (var part = local; part < ${groups}u; part += ${threads}u) {
				a += sums[part * ${2 * items}u + c];
				b += sums[part * ${2 * items}u + ${items}u + c];
			}
			firsts[local] = a;
			seconds[local] = b;
			for (var step = ${threads / 2}u; step > 0u; step /= 2u) {
				workgroupBarrier();
				if (local < step) {
					firsts[local] += firsts[local + step];
					seconds[local] += seconds[local + step];
				}
			}
			if (local > 0u) { return; }
			a = firsts[0];
			b = seconds[0];
			${finish}
		}`;
	return { code, workgroups: [items, 1, 1] };
}

export const sumPerChannel = remembered(writeSumPerChannel);
export const sumGroups = remembered(writeSumGroups);
