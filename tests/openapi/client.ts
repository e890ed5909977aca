// What a user of a generated client writes; `tsc --strict` holds it against the document.
import type { components, operations, paths } from "./wide";

type Schemas = components["schemas"];
type Json<Path extends keyof paths> = paths[Path] extends {
  post: { requestBody: { content: { "application/json": infer Body } } };
}
  ? Body
  : never;
type Answer<Id extends keyof operations> = operations[Id]["responses"] extends {
  200: { content: { "application/json": infer Content } };
}
  ? Content
  : never;

const tree: Schemas["Tree-Input"] = { name: "root", children: [{ name: "leaf", children: [] }] };
const pet: Json<"/body/tagged"> = { type: "cat", lives: 7 };
const place: Json<"/body/named-tuple"> = [1, 2];
const sizes: Json<"/body/dict-of-int"> = { "1": "s" };
const query: paths["/query/bounded"]["get"]["parameters"]["query"] = { value: 3 };
const page: Answer<"body_page_of_int_body_page_of_int_post"> = { items: [1], next: null };
const problems: Schemas["HTTPValidationError"]["detail"] = [
  { loc: ["body", 0], msg: "Field required", type: "missing" },
];
const car: Schemas["Car-Output"] = {
  wheels: [1, 2],
  colour: "blue",
  drive: { kind: "electric", watts: 5, kilowatts: 0.005 },
};

// @ts-expect-error A size is "s" or "l".
const wrongSize: Json<"/body/enum"> = "xl";
// @ts-expect-error The tag says that this is a dog.
const wrongPet: Json<"/body/tagged"> = { type: "dog", lives: 7 };
// @ts-expect-error What is computed cannot be left out of an answer.
const wrongMotor: Schemas["Motor-Output"] = { kind: "electric", watts: 5 };

export { car, page, pet, place, problems, query, sizes, tree, wrongMotor, wrongPet, wrongSize };
