// expect: lint/correctness/noUnusedPrivateClassMembers
export class Room {
  readonly #seq = 1;
}
