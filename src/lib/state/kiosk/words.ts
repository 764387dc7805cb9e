/** The languages of a kiosk's screen, and what each of them says. */

export const LANGUAGES = {
	en: 'English',
	de: 'Deutsch',
	fr: 'Français',
	es: 'Español',
	it: 'Italiano',
	nl: 'Nederlands',
	pt: 'Português',
	pl: 'Polski'
} as const;

export type Language = keyof typeof LANGUAGES;

export interface Words {
	/** Names of the labels that a manifest may hold; the label itself stands in for others. */
	readonly labels: Readonly<Record<string, string>>;
	readonly unsure: string;
	readonly tooSmall: string;
	/** What runs here. */
	readonly notice: string;
	/** What happens to the pictures; `logged`: if counts by the minute are kept; `published`: if a broker gets them. */
	readonly privacy: { readonly logged: string; readonly unlogged: string; readonly published: string };
	/** Before the operator's name. */
	readonly operator: string;
	readonly more: string;
	/** Today's counts: a title, and what follows the number of faces that came and the time they were in view. */
	readonly totals: { readonly today: string; readonly faces: string; readonly seen: string };
	/** Captions of the figures: how many faces there are now, and the chart of the last hour. */
	readonly figures: { readonly now: string; readonly chart: string; readonly nothing: string; readonly upTo: string };
}
