import { setTimeout as delay } from 'node:timers/promises';

const intervalMs = 10;

/**
 * Repeats `assertion` until it stops throwing, for what happens soon but not at a moment that a test could await.
 * @throws what it threw last, when it has not held within `timeoutMs`
 */
export async function eventually(
  assertion: () => void | Promise<void>,
  { timeoutMs = 5_000 }: { timeoutMs?: number } = {},
): Promise<void> {
  const expiresAt = performance.now() + timeoutMs;
  for (;;) {
    try {
      await assertion();
      return;
    } catch (error) {
      if (performance.now() >= expiresAt) throw error;
    }
    await delay(intervalMs);
  }
}
