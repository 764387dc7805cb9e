/** Every failure that a user can encounter, with the sentence and the remedy that the page shows for it. */

interface Explanation {
	/** What happened, as one sentence. */
	readonly sentence: string;
	/** What to do about it, as one sentence. */
	readonly remedy: string;
}

export const EXPLANATIONS = {
	'camera-denied': {
		sentence: 'The camera may not be used: permission was denied.',
		remedy: 'Allow the camera for this page in the address bar.'
	},
	'camera-missing': {
		sentence: 'No camera was found.',
		remedy: 'Connect a camera.'
	},
	'camera-busy': {
		sentence: 'The camera could not be opened; another program may be using it.',
		remedy: 'Close other programs that use the camera.'
	},
	'camera-lost': {
		sentence: 'The camera was unplugged or stopped sending pictures.',
		remedy: 'Connect it again, or use another camera.'
	},
	'camera-off': {
		sentence: 'The system does not let this browser use the camera.',
		remedy:
			'Allow it in the settings of the system (Windows and macOS: Privacy & security, Camera; Android: the app’s permissions; laptops: a switch or a key may turn it off).'
	},
	'insecure-context': {
		sentence: 'Browsers give camera access only to secure pages.',
		remedy: 'Open this page over https, or on localhost.'
	},
	'picture-unreadable': {
		sentence: 'This file could not be read as a picture.',
		remedy: 'Choose a JPEG, PNG, WebP, AVIF, GIF or BMP file.'
	},
	'picture-gone': {
		sentence: 'A file is no longer where it was when it was chosen.',
		remedy: 'Choose it again.'
	},
	'picture-unreachable': {
		sentence: 'The picture could not be loaded.',
		remedy: 'Check the connection and try again.'
	},
	'folder-empty': {
		sentence: 'There is no file in it.',
		remedy: 'Choose or drop the files themselves, or a folder that holds some.'
	},
	'file-elsewhere': {
		sentence: 'That is an address on another site, from which this page may not fetch anything.',
		remedy: 'Save the file on this device, and drop or choose it here.'
	},
	'picture-empty': {
		sentence: 'This file is empty.',
		remedy: 'Choose another picture.'
	},
	'stream-unreachable': {
		sentence: 'The stream could not be reached.',
		remedy: 'Check that the camera and the server are on, and that the address is right.'
	},
	'stream-answered': {
		sentence: 'The server answered, but with no pictures.',
		remedy: 'Check the address, and what the server says.'
	},
	'stream-empty': {
		sentence: 'The server sent no picture.',
		remedy:
			'Its camera may not give JPEG: go2rtc needs a line like “- ffmpeg:door#video=mjpeg” for one that gives H.264; or use whep: instead of mjpeg:.'
	},
	'stream-refused': {
		sentence: 'The camera asks for another name or password.',
		remedy: 'Enter them on the set-up page of this browser, or let the proxy send them.'
	},
	'stream-unreadable': {
		sentence: 'The stream holds no pictures that this browser can play.',
		remedy:
			'Check the kind of the source, and let the camera or the server send H.264, VP8, VP9 or JPEG. Safari reads Motion JPEG only from this site: serve it with --proxy.'
	},
	'stream-lost': {
		sentence: 'The stream ended.',
		remedy: 'It reconnects by itself; check the network if it does not come back.'
	},
	'stream-frozen': {
		sentence: 'The stream has frozen.',
		remedy: 'It reconnects by itself; check the camera if it freezes again.'
	},
	'picture-truncated': {
		sentence: 'This picture ends too early: a part of its file is missing.',
		remedy: 'Copy or download it again.'
	},
	'picture-damaged': {
		sentence: 'This picture is damaged.',
		remedy: 'Open it in a picture editor and save it again.'
	},
	'picture-unsupported': {
		sentence: 'This browser cannot show pictures of this kind.',
		remedy: 'Save it as JPEG or PNG, or use a browser that shows it.'
	},
	'film-unreadable': {
		sentence: 'This file could not be read as a film.',
		remedy: 'Choose an MP4, MOV, WebM, MKV or TS file, or convert a film to one, for example with HandBrake or ffmpeg.'
	},
	'film-empty': {
		sentence: 'This file is empty.',
		remedy: 'Choose another film.'
	},
	'film-no-video': {
		sentence: 'This file has sound, but no picture.',
		remedy: 'Choose a recording with a picture.'
	},
	'film-codec': {
		sentence: 'This browser cannot decode the pictures of this film.',
		remedy: 'Use another browser, or convert the film to H.264 or VP9, for example with HandBrake or ffmpeg.'
	},
	'film-incomplete': {
		sentence: 'This film ends too early: the part that says where its pictures are is missing.',
		remedy: 'Copy or download it again; recorders often offer to repair such a file.'
	},
	'film-cut-short': {
		sentence: 'This film ends too early: a part of its file is missing.',
		remedy: 'The rest of it was read. Copy or download it again to get all of it.'
	},
	'film-damaged': {
		sentence: 'From here on this film cannot be decoded.',
		remedy: 'What was read so far is kept. Copy or download the film again for the rest.'
	},
	'film-restarts': {
		sentence: 'The times of this film start over in the middle: it was joined from several.',
		remedy: 'Choose these one by one, or convert it, for example with HandBrake or ffmpeg.'
	},
	'film-gone': {
		sentence: 'The file of this film can no longer be read: it was moved or changed.',
		remedy: 'What was read so far is kept. Choose the film again to continue.'
	},
	'film-not-kept': {
		sentence: 'This browser does not keep what was read of the film.',
		remedy: 'If it is open in another tab, close that one. Leave this page open until it is done, and save the results.'
	},
	'film-not-written': {
		sentence: 'The film could not be written.',
		remedy: 'Close other tabs, or write a shorter part of it.'
	},
	'codes-without-film': {
		sentence: 'This is a file of codes, but no film is open that they could belong to.',
		remedy: 'Choose the film first, then drop its codes.'
	},
	'codes-unreadable': {
		sentence: 'This table has no codes that can be read.',
		remedy: 'It needs columns for start, stop and label, as CSV, or as ELAN or BORIS export them.'
	},
	'picture-other': {
		sentence: 'This file is not a picture, whatever its name says.',
		remedy: 'Choose a JPEG, PNG, WebP, AVIF, GIF, BMP or SVG file.'
	},
	'picture-too-large': {
		sentence: 'This picture has more pixels than this page can hold.',
		remedy: 'Make it smaller in a picture editor.'
	},
	'picture-protected': {
		sentence: 'This picture is protected: only the program that protects it can open it.',
		remedy: 'Save an unprotected copy there.'
	},
	'archive-unreadable': {
		sentence: 'Not all of this archive was read.',
		remedy: 'Unpack it, and choose its pictures.'
	},
	'manifest-unreachable': {
		sentence: 'The list of models could not be loaded.',
		remedy: 'Check the connection to the server and reload the page.'
	},
	'manifest-invalid': {
		sentence: 'The list of models is damaged.',
		remedy: 'Reinstall static/models, or export the models again.'
	},
	'report-invalid': {
		sentence: 'The figures of a model are damaged.',
		remedy: 'Reinstall static/models, or evaluate the model again.'
	},
	'data-unreadable': {
		sentence: 'This file could not be read as FER2013.',
		remedy: 'Choose a whole fer2013.csv or icml_face_data.csv, or the archive that it came in.'
	},
	'report-unreachable': {
		sentence: 'The figures of a model could not be loaded.',
		remedy: 'Check the connection to the server and reload the page.'
	},
	'model-unknown': {
		sentence: 'The chosen model is not in the list of models.',
		remedy: 'Choose another model.'
	},
	'model-unreachable': {
		sentence: 'The model could not be loaded.',
		remedy: 'Check the connection to the server and try again.'
	},
	'model-invalid': {
		sentence: 'The model file is damaged or does not fit its description.',
		remedy: 'Choose another model, or export this one again.'
	},
	'backend-unavailable': {
		sentence: 'This browser has no way to run the models.',
		remedy: 'Use a current version of Chrome, Edge, Firefox or Safari.'
	},
	'gpu-lost': {
		sentence: 'This page lost access to the graphics card; the analysis starts again by itself.',
		remedy: 'Wait a moment; if it happens again, close other pages that use the graphics card.'
	},
	'worker-died': {
		sentence: 'The analysis stopped unexpectedly and starts again by itself.',
		remedy: 'Wait a moment; if it happens again, reload the page.'
	},
	'worker-timeout': {
		sentence: 'The analysis took too long and starts again by itself.',
		remedy: 'Close other busy tabs, or choose a smaller model.'
	},
	'analysis-failed': {
		sentence: 'This picture could not be analysed.',
		remedy: 'Try again; if it happens again, reload the page.'
	}
} as const satisfies Record<string, Explanation>;

export type ErrorCode = keyof typeof EXPLANATIONS;

/** An expected failure; `message` is for the console, EXPLANATIONS[code] for the user. */
export class AppError extends Error {
	override readonly name = 'AppError';
	constructor(
		readonly code: ErrorCode,
		message: string,
		cause?: unknown,
		/** Details of this case, in words for the user: what a server said, what a file is. Null for none. */
		readonly said: string | null = null
	) {
		super(message, { cause });
	}
}

/** The AppError itself, or an AppError of the given code around anything else that was thrown. */
export function toAppError(thrown: unknown, fallback: ErrorCode): AppError {
	if (thrown instanceof AppError) return thrown;
	return new AppError(fallback, thrown instanceof Error ? thrown.message : String(thrown), thrown);
}
