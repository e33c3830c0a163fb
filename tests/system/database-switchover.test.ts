import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { freePort } from '../helpers/child-process.ts';
import { ownServers } from '../helpers/database-server.ts';
import { eventually } from '../helpers/eventually.ts';
import { launchReplicatedServers, type ReplicatedServers } from '../helpers/replica-server.ts';
import { describeWith } from '../helpers/services.ts';
import { createUser } from './acceptance/target.ts';
import { expectTrueAnswers, honestRefusals, isFailure } from './outage.ts';
import { type ServiceProcess, startService } from './service-process.ts';
import { type SteadyTraffic, startSteadyTraffic } from './steady-traffic.ts';
import { startTcpForwarder, type TcpForwarder } from './tcp-forwarder.ts';

const [mariadb] = ownServers;

describeWith(mariadb?.missing ?? null, 'The service whose MariaDB changes places with its replica', () => {
  let servers: ReplicatedServers;
  /** The name of the database server: it leads to one or the other. */
  let name: TcpForwarder;
  let service: ServiceProcess;
  let traffic: SteadyTraffic | undefined;

  beforeAll(async () => {
    servers = await launchReplicatedServers();
    const url = new URL(servers.primaryUrl);
    const port = await freePort();
    name = await startTcpForwarder(port, { host: url.hostname, port: Number(url.port) });
    url.port = `${port}`;
    service = await startService(url.href);
  }, 60_000);
  afterAll(async () => {
    await traffic?.stop();
    await service.kill('SIGKILL');
    await name.close();
    await servers.remove();
  });

  it('goes on with the new primary, though the old one keeps every connection and answers reads', async () => {
    traffic = startSteadyTraffic(service.api, await createUser(service.api));
    const { outcomes } = traffic;
    await eventually(() => expect(outcomes.length).toBeGreaterThan(300), { timeoutMs: 20_000 });

    await servers.promoteReplica();
    const { hostname, port } = new URL(servers.replicaUrl);
    name.redirect({ host: hostname, port: Number(port) });
    const before = outcomes.length;
    await eventually(
      () => {
        const last = outcomes.slice(-300);
        expect(outcomes.length - before).toBeGreaterThan(300);
        expect(last.filter(isFailure)).toEqual([]);
      },
      { timeoutMs: 20_000 },
    );
    await traffic.stop();

    expect(outcomes.filter((outcome) => isFailure(outcome) && !honestRefusals.has(outcome.result))).toEqual([]);
    await expectTrueAnswers({ outcomes }, servers.replicaUrl);
  }, 60_000);
});
