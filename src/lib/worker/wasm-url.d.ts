/** Vite gives the address of the file as it is served. */
declare module '*.wasm?url' {
	const url: string;
	export default url;
}
