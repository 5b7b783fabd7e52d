/* A C program that allocates nothing: whatever is counted here is noise of the loader or of libc.
 */
int main(void) {
  return 0;
}
