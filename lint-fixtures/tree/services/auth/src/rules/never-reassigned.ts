// expect: lint/style/useReadonlyClassProperties
export class Room {
  #seq = 1;

  next(): number {
    return this.#seq + 1;
  }
}
