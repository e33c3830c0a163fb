/** What was answered, as it is sent and stored: byte for byte, `''` for no body. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
