// expect: lint/style/useImportType
import { Room } from "./unused-member.ts";

export const names = (rooms: Room[]): number => rooms.length;
