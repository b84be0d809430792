/** The image can never be processed; staff read the message. */
export class Refused extends Error {
  override readonly name = 'Refused';
}
