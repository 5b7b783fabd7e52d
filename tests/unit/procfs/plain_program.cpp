// A program of no interest but for the way it is linked.
int main() {
  return 0;
}
