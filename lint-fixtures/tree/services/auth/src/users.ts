export class User {
  readonly #id = 1; // ! noUnusedPrivateClassMembers
  #seq = 1; // ! useReadonlyClassProperties
  constructor(readonly name: string) {} // ! noParameterProperties
  next(): number {
    return this.#seq + 1;
  }
}
export namespace Rights {} // ! noNamespace
