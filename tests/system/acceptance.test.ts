import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { type ChildProcess, freePort, startProcess } from '../helpers/child-process.ts';
import { describeAcceptance } from './acceptance/describe-acceptance.ts';

/**
 * `ACCEPTANCE_URL` names a service that runs already, `ACCEPTANCE_MOCK_URL` its mock provider. Without it, the suite
 * starts the embedded mode for itself; `compose.test.ts` holds the same contract against the containers.
 */
const deployment = process.env['ACCEPTANCE_URL'];

if (deployment !== undefined) {
  describe(`The service at ${deployment}`, () => {
    describeAcceptance(deployment, process.env['ACCEPTANCE_MOCK_URL'] ?? 'http://127.0.0.1:8081');
  });
} else {
  const [port, mockPort] = [await freePort(), await freePort()];

  describe('The service as npm start runs it', () => {
    let folder: string;
    let service: ChildProcess;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'profiles-acceptance-'));
      service = startProcess(['npm', 'start'], {
        env: { PORT: `${port}`, MOCK_PORT: `${mockPort}`, DATABASE_URL: `sqlite:${folder}/profiles.sqlite` },
      });
      await service.printed(/is running/);
    }, 30_000);

    afterAll(async () => {
      await service.kill('SIGINT');
      await rm(folder, { recursive: true });
    });

    describeAcceptance(`http://127.0.0.1:${port}`, `http://127.0.0.1:${mockPort}`);
  });
}
