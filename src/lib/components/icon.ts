/** Outlines in a square of 24 units, drawn with a stroke. */
export const ICONS = {
	camera:
		'M3 8.5A2.5 2.5 0 0 1 5.5 6h8A2.5 2.5 0 0 1 16 8.5v7A2.5 2.5 0 0 1 13.5 18h-8A2.5 2.5 0 0 1 3 15.5zM16 11l5-3v8l-5-3',
	picture:
		'M6.5 4h11A2.5 2.5 0 0 1 20 6.5v11a2.5 2.5 0 0 1-2.5 2.5h-11A2.5 2.5 0 0 1 4 17.5v-11A2.5 2.5 0 0 1 6.5 4zM4.5 17l4.5-5 3.5 3.5L15 13l4.5 4.5M15.5 8.5h.01',
	mirror: 'M12 4v16M8.5 8 4 16h4.5zM15.5 8 20 16h-4.5z',
	lock: 'M7.5 10.5V8a4.5 4.5 0 0 1 9 0v2.5M6.5 10.5h11A1.5 1.5 0 0 1 19 12v6.5a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 18.5V12a1.5 1.5 0 0 1 1.5-1.5z',
	light:
		'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.600 5.600l1.100 1.100M17.300 17.300l1.100 1.100M18.400 5.600l-1.100 1.100M6.700 17.300l-1.100 1.100',
	dark: 'M19.5 14A8 8 0 0 1 10 4.5 8 8 0 1 0 19.5 14z',
	system: 'M5 5h14a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zM9 20h6M12 16v4',
	close: 'M6 6l12 12M18 6 6 18',
	expand: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
	chart: 'M4 20V4M4 20h16M8.5 16v-4M13 16V8M17.5 16v-6',
	sliders: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4',
	copy: 'M9 9h10v11H9zM15 9V4H5v11h4',
	warning: 'M12 9v4.5M12 17h.01M12 4 3 19.5h18z'
} as const;

export type IconName = keyof typeof ICONS;
