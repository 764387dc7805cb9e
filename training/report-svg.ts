/** The pictures of a report: plain SVG that any page or viewer shows. */
import type { EpochReport, Figures } from '../src/lib/report';

const FONT = 'font-family="system-ui, sans-serif"';

/** Rows are true labels, columns what was said; the shade and the number are parts of the row in per cent. */
export function confusionSvg(labels: readonly string[], title: string, { confusion }: Figures): string {
	const [cell, left, top] = [64, 96, 72];
	const width = left + labels.length * cell + 16;
	const height = top + labels.length * cell + 16;
	const rows = confusion.map((row, y) => {
		const sum = Math.max(
			1,
			row.reduce((a, b) => a + b, 0)
		);
		const cells = row.map((count, x) => {
			const part = count / sum;
			const colour = part > 0.5 ? '#fff' : '#14213d';
			const [cx, cy] = [left + x * cell, top + y * cell];
			return (
				`<rect x="${String(cx)}" y="${String(cy)}" width="${String(cell)}" height="${String(cell)}" fill="#0b6e8f" fill-opacity="${part.toFixed(3)}" stroke="#d5dde3"/>` +
				`<text x="${String(cx + cell / 2)}" y="${String(cy + cell / 2 + 5)}" text-anchor="middle" fill="${colour}">${(100 * part).toFixed(0)}</text>`
			);
		});
		return `<text x="${String(left - 8)}" y="${String(top + y * cell + cell / 2 + 5)}" text-anchor="end">${labels[y] ?? ''}</text>${cells.join('')}`;
	});
	const columns = labels.map(
		(label, x) =>
			`<text x="${String(left + x * cell + cell / 2)}" y="${String(top - 10)}" text-anchor="middle">${label}</text>`
	);
	return (
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(height)}" width="${String(width)}" height="${String(height)}" ${FONT} font-size="14" fill="#14213d">` +
		`<rect width="100%" height="100%" fill="#fff"/><text x="16" y="28" font-size="16" font-weight="600">${title}: said (columns) of true (rows), %</text>` +
		`${columns.join('')}${rows.join('')}</svg>\n`
	);
}

/** Accuracy and loss by epoch, of training and of the selecting rows. */
export function curvesSvg(history: readonly EpochReport[]): string {
	const [width, height, margin] = [420, 260, 44];
	const panel = (name: 'accuracy' | 'loss', offset: number): string => {
		const values = history.flatMap(({ train, validation }) => [train[name], validation[name]]);
		const top = name === 'accuracy' ? 1 : Math.max(...values);
		const last = Math.max(...history.map(({ epoch }) => epoch), 1);
		const x = (epoch: number): number => offset + margin + (epoch / last) * (width - margin - 16);
		const y = (value: number): number => height - margin - (value / top) * (height - margin - 40);
		const line = (part: 'train' | 'validation', colour: string): string => {
			const points = history.map((log) => `${x(log.epoch).toFixed(1)},${y(log[part][name]).toFixed(1)}`).join(' ');
			return `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2"/>`;
		};
		const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => {
			const value = part * top;
			const label = name === 'accuracy' ? `${(100 * value).toFixed(0)} %` : value.toFixed(2);
			const at = y(value).toFixed(1);
			return (
				`<line x1="${String(offset + margin)}" x2="${String(offset + width - 16)}" y1="${at}" y2="${at}" stroke="#d5dde3"/>` +
				`<text x="${String(offset + margin - 6)}" y="${at}" text-anchor="end" dominant-baseline="middle">${label}</text>`
			);
		});
		return (
			`<text x="${String(offset + margin)}" y="22" font-weight="600">${name}</text>${ticks.join('')}` +
			`${line('train', '#b8621b')}${line('validation', '#0b6e8f')}` +
			`<text x="${String(offset + width - 16)}" y="${String(height - 14)}" text-anchor="end">epoch ${String(last + 1)}</text>`
		);
	};
	return (
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(2 * width)} ${String(height + 24)}" width="${String(2 * width)}" height="${String(height + 24)}" ${FONT} font-size="12" fill="#14213d">` +
		`<rect width="100%" height="100%" fill="#fff"/>${panel('accuracy', 0)}${panel('loss', width)}` +
		`<text x="${String(margin)}" y="${String(height + 12)}" fill="#b8621b">training (augmented pictures)</text>` +
		`<text x="${String(margin + 220)}" y="${String(height + 12)}" fill="#0b6e8f">selecting rows (averaged weights)</text></svg>\n`
	);
}
