/** Vite resolves this to the address at which the file is served. */
declare module '*.wasm?url' {
	const url: string;
	export default url;
}
