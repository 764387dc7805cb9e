/** What people in front of a kiosk read. English is built in; other languages are loaded on demand. */
import { LANGUAGES, type Language, type Words } from './words';

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
	more: 'More about this',
	totals: { today: 'Today', faces: 'faces came', seen: 'in view' },
	figures: {
		now: 'in view now',
		chart: 'Time of each expression, by the minute, in the last hour',
		nothing: 'nothing yet',
		upTo: 'up to'
	}
};

/** The words of a language; English if they cannot be loaded. */
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
