/** For `node --import`: a program that runs with it has a fault that nobody catches when it gets one of these signals. */
process.on('SIGUSR2', () => {
  throw new Error('A provoked exception of ada@example.com.');
});
process.on('SIGHUP', () => {
  void Promise.reject(new Error('A provoked rejection of ada@example.com.'));
});
