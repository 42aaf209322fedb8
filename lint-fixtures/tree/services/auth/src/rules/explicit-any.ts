// expect: lint/suspicious/noExplicitAny
export const parse = (text: string): any => JSON.parse(text);
