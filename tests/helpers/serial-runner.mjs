import TestRunner from 'jest-runner';

/** Jest's own runner, but for one file at a time, in Jest's own process, whatever other projects may do before. */
export default class SerialRunner extends TestRunner {
  isSerial = true;
}
