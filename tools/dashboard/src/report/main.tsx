import "./styles.css";
document.title = "x";
