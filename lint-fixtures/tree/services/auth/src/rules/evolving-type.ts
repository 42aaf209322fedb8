// expect: lint/suspicious/noEvolvingTypes
export function run(): number {
  const rooms = [];
  rooms.push(1);
  return rooms.length;
}
