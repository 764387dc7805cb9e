import type { CameraChoice } from '../sources/camera';

/** The cameras that can be chosen; browsers name them only once one may be used. */
export class Cameras {
	#list: readonly CameraChoice[] = $state.raw([]);

	get list(): readonly CameraChoice[] {
		return this.#list;
	}

	/** Reads the list again; it is empty if the browser gives none. */
	async refresh(): Promise<void> {
		// Missing outside secure contexts, despite the type.
		if (!('mediaDevices' in navigator)) return;
		try {
			const devices = await navigator.mediaDevices.enumerateDevices();
			this.#list = devices
				.filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId !== '')
				.map(({ deviceId, label }, index) => ({ id: deviceId, label: label || `Camera ${index + 1}` }));
		} catch (error) {
			console.warn('The cameras could not be listed.', error);
		}
	}

	/** Keeps the list up to date and calls back after each change, until the returned function is called. */
	watch(onChange: () => void): () => void {
		if (!('mediaDevices' in navigator)) return () => undefined;
		const changed = () => void this.refresh().then(onChange);
		void this.refresh();
		navigator.mediaDevices.addEventListener('devicechange', changed);
		return () => navigator.mediaDevices.removeEventListener('devicechange', changed);
	}
}
