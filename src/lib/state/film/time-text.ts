/** Times of a film as people write them. */

/** "1:02:03.040", without the hours if there are none; `digits`: decimals of the seconds. */
export function timeText(seconds: number, digits = 0): string {
	const unit = 10 ** digits;
	const whole = Math.round(Math.max(0, seconds) * unit);
	const hours = Math.floor(whole / unit / 3600);
	const minutes = Math.floor(whole / unit / 60) % 60;
	const rest = ((whole / unit) % 60).toFixed(digits).padStart(digits === 0 ? 2 : digits + 3, '0');
	return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

/** Seconds of "90", "1:30", "1:02:03.5", "1:30,5" or ".5"; null if it is not a time. */
export function parseTime(text: string): number | null {
	const match = /^(?:(?:(\d+):)?(\d+):)?(\d+(?:[.,]\d*)?|[.,]\d+)$/.exec(text.trim());
	if (match === null) return null;
	const [, hours = '0', minutes = '0', seconds = ''] = match;
	return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds.replace(',', '.'));
}
