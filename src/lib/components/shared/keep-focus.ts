const CONTROLS = 'a[href], button:enabled, summary, select:enabled, input:enabled, [tabindex="0"]';
/** Parts of a page that can be named: a screen reader says where it is. */
const PARTS = '[tabindex], section, form, fieldset';
const ITEMS = 'li, article, tr';

/**
 * Keeps the focus near when the focused control disappears or is disabled, until the returned function is called.
 * Browsers drop it to the page's body instead, and a screen reader would start at the top again.
 */
export function keepFocus(): () => void {
	/** The focused element and all elements around it, innermost first. */
	let path: readonly Element[] = [];

	function remember({ target }: FocusEvent): void {
		const around: Element[] = [];
		for (let each = target instanceof Element ? target : null; each !== null; each = each.parentElement)
			around.push(each);
		path = around;
	}

	function leave(): void {
		setTimeout(() => {
			if (document.activeElement !== document.body) return;
			const [left, around] = path;
			// A visitor may also take the focus away, by a click next to a control.
			path = [];
			if (left?.matches(':disabled') === true) focusOn(around?.closest(PARTS));
		});
	}

	const observer = new MutationObserver((records) => {
		const [focused] = path;
		if (focused === undefined || document.activeElement !== document.body) return;
		focusOn(focused.isConnected ? focused : successor(path, records));
	});
	observer.observe(document.body, { childList: true, subtree: true });
	document.addEventListener('focusin', remember);
	document.addEventListener('focusout', leave);
	return () => {
		observer.disconnect();
		document.removeEventListener('focusin', remember);
		document.removeEventListener('focusout', leave);
	};
}

/**
 * What to focus when the first element of `path` is gone: what took its place, or its neighbour in a list, or the part
 * of the page around it. A neighbour is not itself a control, so pressing the key once more removes nothing else.
 */
function successor(path: readonly Element[], records: readonly MutationRecord[]): Element | null {
	const homeAt = path.findIndex((each) => each.isConnected);
	const [gone, home] = [path[homeAt - 1], path[homeAt]];
	if (gone === undefined || home === undefined) return null;
	if (home.hasAttribute('tabindex')) return home;
	const here = records.filter(({ target }) => target === home);
	const added = here
		.flatMap(({ addedNodes }) => [...addedNodes])
		.filter((node) => node instanceof Element && node.parentNode === home) as Element[];
	for (const each of added) {
		const control = each.matches(CONTROLS) ? each : each.querySelector(CONTROLS);
		if (control !== null) return control;
	}
	if (gone.matches(ITEMS)) {
		const { nextSibling, previousSibling } = here.find(({ removedNodes }) => [...removedNodes].includes(gone)) ?? {};
		const neighbour =
			elementFrom(nextSibling, 'nextElementSibling') ?? elementFrom(previousSibling, 'previousElementSibling');
		if (neighbour?.parentElement === home) return neighbour;
	}
	return home.closest(PARTS) ?? document.getElementById('content');
}

function elementFrom(
	node: Node | null | undefined,
	direction: 'nextElementSibling' | 'previousElementSibling'
): Element | null {
	if (node instanceof Element) return node;
	return node instanceof CharacterData ? node[direction] : null;
}

function focusOn(element: Element | null | undefined): void {
	if (!(element instanceof HTMLElement)) return;
	if (!element.matches(`${CONTROLS}, [tabindex]`)) {
		element.tabIndex = -1;
		element.addEventListener('blur', () => element.removeAttribute('tabindex'), { once: true });
	}
	element.focus({ preventScroll: true });
	// For the keyboard alone: a click leaves the page where it is.
	if (element.matches(':focus-visible') && element.offsetHeight < innerHeight)
		element.scrollIntoView({ block: 'nearest' });
}
