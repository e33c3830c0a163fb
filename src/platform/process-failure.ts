/** Why a process cannot go on, in words that are enough: nobody needs the places in the code that it came through. */
export class ProcessFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ProcessFailure';
  }
}
