// expect: nothing
export default {};
