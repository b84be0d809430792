/** A picture that can never be processed; the message is for staff. */
export class Refused extends Error {
  override readonly name = 'Refused';
}
