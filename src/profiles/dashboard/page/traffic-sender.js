import { element, input, say } from './dom.js';

const SOME = 20;
/** As many as requests are sent at once: reads of one user share one call to the provider. */
const USERS = 20;
/**
 * A browser has six connections to a service whose pages it does not get over HTTP/2: the stream and a command that heals
 * the provider need theirs.
 */
const UNDER_WAY_MAX = 4;

/** Asks the service for enriched profiles, as any client would. */
export function createTrafficSender() {
  const steadily = element('send-steadily');
  const rate = input('send-rate');
  const counts = { sent: 0, answered: 0, failed: 0 };
  /** @type {Promise<string[]> | undefined} */
  let users;
  let waiting = 0;
  let underWay = 0;
  /** @type {number | undefined} */
  let timer;

  const showCounts = () => {
    const failed = counts.failed === 0 ? 'none failed' : `${counts.failed} failed`;
    say(element('sent'), `${counts.sent} sent, ${counts.answered} answered, ${failed}`);
  };

  /** @param {number} number */
  const send = (number) => {
    waiting += number;
    while (waiting > 0 && underWay < UNDER_WAY_MAX) {
      waiting -= 1;
      void sendOne();
    }
  };

  async function sendOne() {
    underWay += 1;
    counts.sent += 1;
    const number = counts.sent;
    try {
      users ??= findUsers();
      const ids = await users;
      const id = ids[number % ids.length];
      if (id === undefined) throw new Error('There are no users.');
      const response = await fetch(`/api/users/${encodeURIComponent(id)}/enriched`);
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`The profile answered ${response.status}.`);
      counts.answered += 1;
    } catch {
      counts.failed += 1;
      // Perhaps there are others by then.
      users = undefined;
    }
    underWay -= 1;
    showCounts();
    send(0);
  }

  const restart = () => {
    clearInterval(timer);
    if (steadily.getAttribute('aria-pressed') !== 'true') return;
    // While the service is slow no queue grows.
    timer = setInterval(() => waiting === 0 && send(1), 1000 / rate.valueAsNumber);
  };

  element('send-some').addEventListener('click', () => send(SOME));
  steadily.addEventListener('click', () => {
    const isSending = steadily.getAttribute('aria-pressed') === 'true';
    steadily.setAttribute('aria-pressed', String(!isSending));
    restart();
  });
  rate.addEventListener('input', () => {
    say(element('send-rate-value'), `${rate.value}/s`);
    rate.setAttribute('aria-valuetext', `${rate.value} a second`);
    restart();
  });
}

/** Ids of users there are, topped up with some of our own. */
async function findUsers() {
  const response = await fetch(`/api/users?limit=${USERS}`);
  if (!response.ok) throw new Error(`The list of users answered ${response.status}.`);
  /** @type {{ data: readonly { id: string }[] }} */
  const { data } = await response.json();
  const ids = new Set(data.map(({ id }) => id));
  for (let number = 1; ids.size < USERS; number += 1) {
    const id = `dashboard-demo-${number}`;
    if (!ids.has(id)) await createUser({ id, name: `Dashboard Demo ${number}`, email: `${id}@example.com` });
    ids.add(id);
  }
  return [...ids];
}

/** @param {{ id: string, name: string, email: string }} user */
async function createUser(user) {
  const { ok, status } = await fetch('/api/users', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(user),
  });
  // It may be there without being among the first.
  if (!ok && status !== 409) throw new Error(`Creating a user answered ${status}.`);
}
