/** What `npm start` prints when everything is up: where to look, and something to paste. */
export function banner(options: { port: number; providerUrl: string; mocked: boolean }): string {
  const api = `http://localhost:${options.port}`;
  const provider = options.mocked
    ? `  Break the provider  ${options.providerUrl.replace('127.0.0.1', 'localhost')}/`
    : `  Provider            ${withoutSecrets(options.providerUrl)}`;
  return `
Resilient Profile API is running.

  API docs            ${api}/api-docs
  Dashboard           ${api}/dashboard
${provider}

  Try it:
  curl -i ${api}/api/users -H 'Content-Type: application/json' \\
    -d '{"id":"ada","name":"Ada Lovelace","email":"ada@example.com"}'
  curl -i ${api}/api/users/ada/enriched

  Ctrl-C stops it; the data stay.

`;
}

/** Terminals are recorded and shared; the address may have a password in it. */
function withoutSecrets(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
