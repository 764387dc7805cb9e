/**
 * Pages for the peers, set up as in their own documentation for a detector and expressions on every frame, on tfjs's
 * WASM back end. `window.first` is the time of the picture's first result, in milliseconds since the navigation;
 * `window.runCamera(n)` gives milliseconds, faces and time of the next n frames of the camera.
 */

const CAMERA = `
	let camera;
	window.runCamera = async (frames, size) => {
		if (!camera) {
			camera = document.createElement('video');
			camera.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: size.width, height: size.height } });
			camera.muted = true;
			document.body.append(camera);
			await camera.play();
		}
		const results = [];
		let shown = -1;
		while (results.length < frames) {
			await new Promise((resolve) => camera.requestVideoFrameCallback(resolve));
			const startMs = performance.now();
			const faces = await look(camera);
			results.push({ ms: performance.now() - startMs, timeMs: startMs, faces });
		}
		return { results, width: camera.videoWidth, height: camera.videoHeight };
	};
	const picture = new Image();
	picture.src = '/samples/astronaut.webp';
	await Promise.all([start(), picture.decode()]);
	window.firstFaces = await look(picture);
	window.first = performance.now();
`;

function page(script: string): string {
	return `<!doctype html><meta charset="utf-8"><title>peer</title><body><script type="module">${script}${CAMERA}</script>`;
}

export const PEER_PAGES: Readonly<Record<string, string>> = {
	'/human': page(
		`import { Human } from '/human/dist/human.esm.js';
		const off = { enabled: false };
		const human = new Human({
			backend: 'wasm', wasmPath: '/wasm/', modelBasePath: '/human/models/', debug: false, warmup: 'none', cacheSensitivity: 0,
			filter: off, gesture: off, body: off, hand: off, object: off, segmentation: off,
			face: {
				enabled: true, detector: { maxDetected: 12, skipFrames: 0, skipTime: 0, rotation: false }, mesh: off, attention: off,
				iris: off, description: off, antispoof: off, liveness: off, emotion: { enabled: true, skipFrames: 0, skipTime: 0 }
			}
		});
		const start = () => human.load();
		const look = async (input) => (await human.detect(input)).face.filter(({ emotion }) => emotion && emotion.length > 0).length;`
	),
	'/face-api': page(
		`import * as faceapi from '/face-api/dist/face-api.esm.js';
		const start = async () => {
			faceapi.tf.wasm?.setWasmPaths?.('/wasm/');
			faceapi.tf.setWasmPaths?.('/wasm/');
			await faceapi.tf.setBackend('wasm');
			await faceapi.tf.ready();
			await Promise.all([faceapi.nets.tinyFaceDetector.loadFromUri('/face-api/model'), faceapi.nets.faceExpressionNet.loadFromUri('/face-api/model')]);
		};
		const options = new faceapi.TinyFaceDetectorOptions();
		const look = async (input) => (await faceapi.detectAllFaces(input, options).withFaceExpressions()).length;`
	)
};
