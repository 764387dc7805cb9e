/** The build of hls.js without subtitles, encryption and separate audio, which are not needed here. */
declare module 'hls.js/light' {
	export { default } from 'hls.js';
}
