/** The code in what somebody has got as an invitation: a link, or the code itself; undefined if there is none. */
export const codeIn = (text: string): string | undefined =>
  text.toUpperCase().match(/(?<![0-9A-Z])[0-9A-Z]{26}(?![0-9A-Z])/)?.[0];
