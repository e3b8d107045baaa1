import { expect, open, test } from "./support/agm.js";

test("the Manager's model can be kept for when it starts again, and a worker's needs no such thing", async ({ page }) => {
  await open(page, "/agm/models");
  await page.getByRole("button", { name: "Set model of manager" }).click();
  const form = page.getByRole("dialog", { name: "Set model of manager" });
  const lasting = form.getByRole("checkbox", { name: "Keep it when it starts again" });
  await expect(lasting).toHaveAccessibleDescription(/Also writes HICLAW_DEFAULT_MODEL to .*hiclaw-manager\.env/);
  await form.getByLabel("Provider").selectOption("deepseek");
  await form.getByRole("combobox", { name: "Model", exact: true }).fill("deepseek-chat");
  await lasting.check();
  await form.getByRole("button", { name: "Show the plan" }).click();
  const change = page.getByRole("dialog", { name: "manager » deepseek-chat" });
  await expect(change.getByRole("region", { name: "What will change" })).toContainText("hiclaw-manager.env");
  await expect(change).toContainText("Lasts after the container is recreated");
  await open(page, "/agm/models");

  await page.getByRole("button", { name: "Set model of alice" }).click();
  const other = page.getByRole("dialog", { name: "Set model of alice" });
  await expect(other.getByText("runs now:")).toBeVisible();
  await expect(other.getByRole("checkbox")).toHaveCount(0);
});
