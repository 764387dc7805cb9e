/** The build of hls.js without subtitles, encryption and separate sound, which nobody sees here. */
declare module 'hls.js/light' {
	export { default } from 'hls.js';
}
