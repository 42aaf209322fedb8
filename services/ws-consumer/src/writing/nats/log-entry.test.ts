import { expect, it } from "vitest";
import { timeOf } from "./log-entry.ts";

const digits = (number: number, length: number) => String(number).padStart(length, "0");

function parsed(text: string): string | undefined {
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

it("a time equals what Date parses, for every day that exists and some that do not", () => {
  for (const year of ["0000", "0001", "1900", "2000", "2024", "2026", "9999", "10000", "-00001"])
    for (let month = 0; month <= 13; month += 1)
      for (let day = 0; day <= 32; day += 1) {
        const text = `${year}-${digits(month, 2)}-${digits(day, 2)}T12:00:00.000Z`;
        expect(timeOf(text)).toBe(parsed(text));
      }
});

it("a time equals what Date parses, in every notation", () => {
  const clocks = [
    "00:00:00.000",
    "23:59:59.999",
    "24:00:00.000",
    "23:60:00.000",
    "23:59:60.000",
    "1:00:00.000",
  ];
  const others = [
    "12:00:00",
    "12:00",
    "12:00:00.1",
    "12:00:00.1234",
    "12:00:00,000",
    "12:00:00.000\n",
    " 12:00:00.000",
  ];
  for (const clock of [...clocks, ...others])
    for (const zone of ["Z", "z", "", "+00:00", "+02:00", "Z\n", "Z "]) {
      const text = `2026-11-21T${clock}${zone}`;
      expect(timeOf(text)).toBe(parsed(text));
    }
  for (const text of ["", "yesterday", "2026-11-21", "Sat, 21 Nov 2026 12:00:00 GMT"])
    expect(timeOf(text)).toBe(parsed(text));
});
