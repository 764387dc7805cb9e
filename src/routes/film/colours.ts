/** The expressions' colours on white, as in the page's light scheme: for exported pictures. */
export function lightColours(): (colour: string) => string {
	const probe = document.createElement('span');
	probe.style.colorScheme = 'light';
	document.body.append(probe);
	const known: Record<string, string> = {};
	for (const name of ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral', 'other']) {
		probe.style.color = `var(--${name})`;
		known[name] = getComputedStyle(probe).color;
	}
	probe.remove();
	return (colour) => known[colour] ?? known['other'] ?? 'grey';
}
