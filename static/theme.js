// Before the first paint: the canvas in the colours that the visitor chose, until the style sheet is there.
try {
	const { theme } = JSON.parse(localStorage.getItem('mien.settings'));
	if (theme === 'light' || theme === 'dark') document.querySelector('meta[name=color-scheme]').content = theme;
} catch {
	// Nothing was chosen yet, or nothing may be stored: the system's colours.
}
