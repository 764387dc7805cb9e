/** Which other hosts the page's content security policy lets it talk to. */

/** The origins in a policy's `connect-src`, without keywords such as 'self'. */
export function connectOrigins(policy: string): string[] {
	const directive = policy.split(';').find((each) => each.trim().startsWith('connect-src '));
	return (directive ?? '').split(/\s+/).filter((source) => /^(https?|wss?):\/\//.test(source));
}

/** The policy that was built into this page. */
export function pagePolicy(): string {
	return document.querySelector('meta[http-equiv="content-security-policy" i]')?.getAttribute('content') ?? '';
}
