/** The words that people in front of a kiosk read, in English; other languages are loaded where they are asked for. */

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
	/** What happens to the pictures; `logged`: where counts by the minute are kept; `published`: where a broker gets them. */
	readonly privacy: { readonly logged: string; readonly unlogged: string; readonly published: string };
	/** Before the operator's name. */
	readonly operator: string;
	readonly more: string;
	/** What stands at the figures: how many faces there are now, and the chart of the last hour. */
	readonly figures: { readonly now: string; readonly chart: string; readonly nothing: string; readonly upTo: string };
}

export const ENGLISH: Words = {
	labels: {
		angry: 'Angry',
		disgust: 'Disgust',
		fear: 'Fear',
		happy: 'Happy',
		sad: 'Sad',
		surprise: 'Surprise',
		neutral: 'Neutral'
	},
	unsure: 'Unsure',
	tooSmall: 'Too small',
	notice: 'A camera reads facial expressions here, automatically.',
	privacy: {
		logged: 'No picture is stored or sent; only counts by the minute are kept.',
		unlogged: 'Nothing is stored or sent.',
		published: 'No picture is stored or sent; only counts by the minute are passed on.'
	},
	operator: 'Operated by',
	more: 'More about it',
	figures: {
		now: 'in view now',
		chart: 'Time of each expression, by the minute, in the last hour',
		nothing: 'nothing yet',
		upTo: 'up to'
	}
};

/** The words of a language; English where they cannot be loaded. */
export async function loadWords(language: Language): Promise<Words> {
	if (language === 'en') return ENGLISH;
	try {
		const { TRANSLATIONS } = await import('./translations');
		return TRANSLATIONS[language];
	} catch (error) {
		console.warn(`The words in ${LANGUAGES[language]} could not be loaded.`, error);
		return ENGLISH;
	}
}
