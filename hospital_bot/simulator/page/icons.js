/** Small pictures, drawn as paths of a 24 by 24 grid. They carry no meaning that the words beside them lack. */

const PATHS = {
  mail: ["M4 5h16a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z", "M3.5 6.5 12 13l8.5-6.5"],
  clock: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M12 7v5l3.5 2"],
  people: ["M9 11.500a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z", "M2.5 19.500c.6-3.5 3-5 6.5-5s5.9 1.5 6.5 5", "M16 5a3.3 3.3 0 0 1 0 6.300M18 14.800c2 .6 3.1 2 3.5 4.7"],
  send: ["M4 12 20 4l-4.5 16-4-6.500z", "M11.5 13.5 20 4"],
  menu: ["M4 7h16M4 12h16M4 17h10"],
  keyboard: ["M3 7h18v10H3z", "M6.5 10.500h.01M10 10.500h.01M14 10.500h.01M17.5 10.500h.01M8 14h8"],
  more: ["M12 5.500h.01M12 12h.01M12 18.500h.01"],
  close: ["M6 6l12 12M18 6 6 18"],
  down: ["M12 5v13M6 12.500l6 6 6-6"],
  copy: ["M9 9h11v11H9z", "M5 15H4V4h11v1"],
  file: ["M6 3h8l5 5v13H6z", "M14 3v5h5"],
  lock: ["M6 11h12v9H6z", "M8.5 11V8a3.5 3.5 0 0 1 7 0v3"],
  link: ["M9 15 20 4M13 4h7v7", "M18 14v6H4V6h6"],
  plus: ["M12 5v14M5 12h14"],
  contact: ["M4 4h16v16H4z", "M12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM7.5 17c.6-2 2.3-3 4.5-3s3.9 1 4.5 3"],
  sun: ["M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z", "M12 3v1.500M12 19.500V21M3 12h1.500M19.5 12H21M5.6 5.600l1.1 1.100M17.3 17.300l1.1 1.100M18.4 5.600l-1.1 1.100M6.7 17.300l-1.1 1.1"],
  calendar: ["M4 6h16v14H4z", "M4 10h16M8 3.500V7M16 3.500V7"],
};
const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  for (const line of PATHS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", line);
    svg.append(path);
  }
  return svg;
}
