// expect: lint/style/noParameterProperties
export class Room {
  constructor(readonly name: string) {}
}
