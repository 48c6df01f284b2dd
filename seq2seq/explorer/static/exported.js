const element = document.getElementById("exported");
export const exported = element && JSON.parse(element.textContent);
