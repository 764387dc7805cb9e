/** The photo page: pictures chosen, dropped and pasted, with the mouse and without. */
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { open, openBrowser, type Opened, type ShownFace, shownFaces, waitForStatus } from './browser';
import { type PictureFile, portrait, turnedPortrait, twoFaces } from './pictures';

// One page for all tests, as starting one takes longer than analysing a picture.
let browser: Browser;
let photo: Opened;
const requests: string[] = [];

beforeAll(async () => {
	browser = await openBrowser();
	photo = await open(browser, '/photo', {
		prepare: (context) => {
			context.on('request', (request) => requests.push(`${request.method()} ${request.url()}`));
			return Promise.resolve();
		}
	});
});
afterAll(() => browser.close());

beforeEach(async () => {
	const clear = photo.page.getByTestId('stop');
	if (await clear.isVisible()) await clear.click();
	await waitForStatus(photo.page, 'idle');
});

/** Does something on the photo page that shows a picture, and gives the faces found. */
async function facesAfter(act: (page: Page) => Promise<unknown>): Promise<ShownFace[]> {
	const { page } = photo;
	await act(page);
	await waitForStatus(page, 'done');
	return shownFaces(page);
}

function choose(picture: PictureFile): Promise<ShownFace[]> {
	return facesAfter((page) => page.getByTestId('file-input').setInputFiles(picture));
}

/** Hands a picture to the page as a drop or a paste does. */
async function handOver(page: Page, event: 'drop' | 'paste', picture: PictureFile): Promise<void> {
	const base64 = picture.buffer.toString('base64');
	await page.evaluate(
		([kind, text, name, type]) => {
			const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
			const data = new DataTransfer();
			data.items.add(new File([bytes], name, { type }));
			if (kind === 'paste') document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
			else {
				for (const name of ['dragenter', 'dragover', 'drop']) {
					document.body.dispatchEvent(new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true }));
				}
			}
		},
		[event, base64, picture.name, picture.mimeType] as const
	);
}

/** Presses Tab until the element of this test id has the focus; every stop on the way must be visible. */
async function tabTo(page: Page, testId: string): Promise<void> {
	for (let presses = 0; presses < 40; presses++) {
		await page.keyboard.press('Tab');
		const { reached, outline, what } = await page.evaluate(() => {
			const focused = document.activeElement as HTMLElement;
			const style = getComputedStyle(focused);
			return {
				reached: focused.dataset['testid'],
				outline: style.outlineStyle !== 'none' || style.boxShadow !== 'none',
				what: focused.outerHTML.slice(0, 120)
			};
		});
		expect(outline, `the focus is not visible on ${what}`).toBe(true);
		if (reached === testId) return;
	}
	throw new Error(`Tab does not lead to ${testId}`);
}

describe('the photo page', () => {
	it('turns a picture as its EXIF data says', async () => {
		const [upright] = await choose(await portrait());
		await photo.page.getByTestId('stop').click();
		const [turned] = await choose(await turnedPortrait());
		expect(upright?.label).toBeTruthy();
		expect(turned?.label).toBe(upright?.label);
		const label = upright?.label ?? '';
		expect(Math.abs((turned?.bars[label] ?? 0) - (upright?.bars[label] ?? 1))).toBeLessThan(0.1);
	});

	it.each([90, 180, 270])(
		'reads a picture that lies turned by %i degrees without a word in the file',
		async (degrees) => {
			const upright = await choose(await portrait());
			const { name, mimeType, buffer } = await portrait();
			const lying = await sharp(buffer).rotate(degrees).png().toBuffer();
			await photo.page.getByTestId('stop').click();
			const faces = await choose({ name, mimeType, buffer: lying });
			expect(faces.map(({ label }) => label)).toEqual(upright.map(({ label }) => label));
		}
	);

	it('shows every face, each with its bars', async () => {
		const faces = await choose(await twoFaces());
		expect(faces).toHaveLength(2);
		expect(new Set(faces.map(({ id }) => id)).size).toBe(2);
		for (const { bars } of faces) {
			expect(Object.values(bars).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 2);
		}
	});

	it.each(['drop', 'paste'] as const)('takes a picture by %s', async (event) => {
		const picture = await portrait();
		expect(await facesAfter((page) => handOver(page, event, picture))).toHaveLength(1);
	});

	it('shows its buttons below a square picture without scrolling, on one line or two', async () => {
		await choose(await portrait());
		const { page } = photo;
		for (const size of [
			{ width: 1440, height: 900 },
			{ width: 1280, height: 720 }
		]) {
			await page.setViewportSize(size);
			await expect
				.poll(() =>
					page.getByTestId('compare-live').evaluate((button) => button.getBoundingClientRect().bottom <= innerHeight)
				)
				.toBe(true);
		}
	});

	it.each([
		['dropped', true],
		['pasted', false]
	])('says why an address that is %s is not fetched, and stays open', async (_, isDrop) => {
		const { page } = photo;
		const isPrevented = await page.evaluate((drop) => {
			const data = new DataTransfer();
			data.setData('text/uri-list', 'https://example.org/face.jpg');
			data.setData('text/plain', 'https://example.org/face.jpg');
			const init = { bubbles: true, cancelable: true };
			const event = drop
				? new DragEvent('drop', { ...init, dataTransfer: data })
				: new ClipboardEvent('paste', { ...init, clipboardData: data });
			return !document.body.dispatchEvent(event);
		}, isDrop);
		expect(isPrevented).toBe(isDrop);
		await page.locator('[data-testid=error][data-code=file-elsewhere]').waitFor();
		await page.getByRole('button', { name: 'Dismiss' }).click();
	});

	it('takes no new picture when its own is dragged', async () => {
		const { page } = photo;
		await choose(await portrait());
		await page.evaluate(() => {
			const data = new DataTransfer();
			data.items.add(new File(['x'], 'small copy.webp', { type: 'image/webp' }));
			const init = { bubbles: true, cancelable: true, dataTransfer: data };
			for (const name of ['dragstart', 'dragenter', 'dragover', 'drop', 'dragend'])
				document.body.dispatchEvent(new DragEvent(name, init));
		});
		await page.waitForTimeout(300);
		expect(await page.getByTestId('picture').count()).toBe(1);
	});

	it('works by keyboard alone', async () => {
		const picture = await portrait();
		const faces = await facesAfter(async (page) => {
			page.once('filechooser', (chooser) => void chooser.setFiles(picture));
			await tabTo(page, 'choose');
			await page.keyboard.press('Enter');
		});
		expect(faces).toHaveLength(1);
	});

	it('shows the sample picture on the live page, by keyboard alone', async () => {
		const { page } = photo;
		await page.getByRole('link', { name: 'Live' }).focus();
		await page.keyboard.press('Enter');
		await page.getByTestId('start-camera').waitFor();
		await tabTo(page, 'sample');
		await page.keyboard.press('Enter');
		await waitForStatus(page, 'done');
		expect(await shownFaces(page)).toHaveLength(1);
	});

	it('sends nothing to anyone', () => {
		expect(requests).toContainEqual(expect.stringMatching(/\/models\/.*model-\w+\.json$/));
		const own = [`GET ${inject('origin')}/`, 'GET blob:', 'GET data:'];
		expect(requests.filter((request) => !own.some((start) => request.startsWith(start)))).toEqual([]);
	});

	it('met no error and no violation of the security policy', () => {
		expect(photo.problems).toEqual([]);
	});
});
