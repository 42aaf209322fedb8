// expect: lint/style/noNamespace
export namespace Rooms {
  export const x = 1;
}
